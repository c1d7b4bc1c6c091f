/**
 * A function that answers `{statusCode, body}` was written for API Gateway. An event source mapping heeds neither: whatever
 * the status code, the batch is done (LDG, "Partial batch responses": a response without batchItemFailures is a success).
 */
import type { Logger } from '../../handlers/logger.ts';
import type { LambdaFunction } from './lambda-runtime.ts';

/** The same function; logs a warning at the first such answer. */
export function warnOfGatewayAnswers(lambda: LambdaFunction, name: string, log: Logger): LambdaFunction {
  let warned = false;
  return {
    async invoke(event) {
      const result = await lambda.invoke(event);
      if (!warned && result.functionError === undefined && isGatewayAnswer(result.payload)) {
        warned = true;
        log.warn(
          { mapping: name },
          'the function answers {statusCode, body} as to API Gateway. An event source mapping takes every answer without batchItemFailures as a success, also with a status code of 500: throw an error or answer {"batchItemFailures": […]} to have records tried again',
        );
      }
      return result;
    },
  };
}

function isGatewayAnswer(payload: unknown): boolean {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'statusCode' in payload &&
    'body' in payload &&
    !('batchItemFailures' in payload)
  );
}
