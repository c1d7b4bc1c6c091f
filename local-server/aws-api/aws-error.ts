interface ErrorExtras {
  readonly retryAfterSeconds?: number | undefined;
  readonly details?: Readonly<Record<string, string>>;
}

/** An answer of an AWS API that is an error. Clients branch on `type`; the message is for people. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;
  readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;
  /** What S3 tells besides the message, by the names of its elements. */
  readonly details: Readonly<Record<string, string>>;

  /** @param type For instance `ResourceNotFoundException`. */
  constructor(type: string, message: string, statusCode = 400, { retryAfterSeconds, details = {} }: ErrorExtras = {}) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.type = type;
    this.statusCode = statusCode;
    this.details = details;
  }
}
