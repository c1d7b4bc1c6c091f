/**
 * Looks at a deployed stack's stores now and then, so that one that is gone, or that refuses, is told within seconds and not
 * after the minute that a consumer tries in vain; and so that a stream that was made anew is noticed while the server runs.
 */
import type { Inspection } from '../../adapters/aws/inspect-stack.ts';
import type { Problems } from './problems.ts';

export interface StackWatchOptions {
  readonly inspect: () => Promise<Inspection>;
  readonly problems: Problems;
  /** The stream as it was when the server started. */
  readonly stream: NonNullable<Inspection['stream']>;
  /** Called once for every other stream that is found under the name. */
  readonly onOtherStream: (stream: NonNullable<Inspection['stream']>) => Promise<void>;
  /** 10,000 unless given. */
  readonly everyMillis?: number;
}

const kinds = ['stream', 'archive bucket', 'undelivered bucket', 'table'] as const;

export class StackWatch {
  readonly #options: StackWatchOptions;
  #stream: NonNullable<Inspection['stream']>;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: StackWatchOptions) {
    this.#options = options;
    this.#stream = options.stream;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look().then(() => {
        if (!this.#stopped) this.start();
      });
    }, this.#options.everyMillis ?? 10_000).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { inspect, problems, onOtherStream } = this.#options;
    try {
      const { findings, stream } = await inspect();
      for (const kind of kinds) {
        const finding = findings.find((each) => each.kind === kind);
        if (finding === undefined) problems.over(kind);
        else problems.met(kind, `${finding.name} ${finding.problem}`);
      }
      if (stream !== undefined && (stream.arn !== this.#stream.arn || stream.createdAt !== this.#stream.createdAt)) {
        await onOtherStream(stream);
        this.#stream = stream;
      }
      problems.over('stack');
    } catch (error) {
      problems.met('stack', error);
    }
  }
}
