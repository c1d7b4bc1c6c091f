/** Refuses a request before any route sees it, in the shape that its client reads: problem details, or AWS's errors. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { recogniseAwsCall } from '../aws-api/aws-call.ts';
import { AwsError } from '../aws-api/aws-error.ts';
import { sendAwsError } from '../aws-api/wire.ts';
import { sendProblem } from './problem-details.ts';

export interface Refusal {
  readonly status: number;
  readonly detail: string;
  /** The error's name on AWS. */
  readonly awsType: string;
}

export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, detail, awsType }: Refusal,
): FastifyReply {
  const call = recogniseAwsCall(request.raw);
  return call === undefined
    ? sendProblem(reply, { status, detail })
    : sendAwsError(reply, new AwsError(awsType, detail, status), call);
}
