/** Statements of IAM policies. What a statement grants is literal: names of actions, never a pattern of them. */

type Condition = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Condition;
}

/** A policy that allows what the statements say, and nothing else. */
export function allow(...statements: readonly Statement[]): string {
  return policyDocument(statements.map((statement) => ({ ...statement, Effect: 'Allow' })));
}

/** Who may take a role: the service that runs functions. */
export const assumedByLambda = policyDocument([
  { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
]);

/** A bucket's own policy: plain HTTP is refused, whoever asks (S3 User Guide, "Security best practices"). */
export function denyWithoutTls(bucketArn: string): string {
  return policyDocument([
    {
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [bucketArn, `${bucketArn}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ]);
}

function policyDocument(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
