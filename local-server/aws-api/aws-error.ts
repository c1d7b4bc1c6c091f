/** An answer of an AWS API that is an error. Clients branch on `type`; the message is for people. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;
  readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;

  /** @param type For instance `ResourceNotFoundException`. */
  constructor(type: string, message: string, statusCode = 400, retryAfterSeconds?: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.type = type;
    this.statusCode = statusCode;
  }
}
