/** Reads server-sent events as a browser does (HTML Standard, section 9.2.6). */
export interface ServerSentEvent {
  /** Of this event, or of the last one before it that had one. */
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

export class EventReader {
  /** What a browser would send as `Last-Event-ID`. */
  lastEventId = '';
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** @returns the events that are complete now. */
  read(chunk: Uint8Array): readonly ServerSentEvent[] {
    const blocks = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      let type = 'message';
      const data: string[] = [];
      for (const line of block.split('\n')) {
        const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (field === 'id') this.lastEventId = value;
        if (field === 'event') type = value;
        if (field === 'data') data.push(value);
      }
      return data.length === 0 ? [] : [{ id: this.lastEventId, type, data: JSON.parse(data.join('\n')) as unknown }];
    });
  }
}
