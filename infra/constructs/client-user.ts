import { IamAccessKey } from '@cdktf/provider-aws/lib/iam-access-key/index.js';
import { IamUserPolicy } from '@cdktf/provider-aws/lib/iam-user-policy/index.js';
import { IamUser } from '@cdktf/provider-aws/lib/iam-user/index.js';
import { Construct } from 'constructs';
import { allow } from '../policy.ts';
import type { LambdaFunction } from './lambda-function.ts';
import type { Stream } from './stream.ts';

export interface ClientUserOptions {
  readonly name: string;
  readonly stream: Stream;
  readonly query: LambdaFunction;
}

/** Who puts readings and queries them, and may do nothing else. The secret is in Terraform's state, and nowhere else. */
export class ClientUser extends Construct {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;

  constructor(scope: Construct, id: string, { name, stream, query }: ClientUserOptions) {
    super(scope, id);
    const user = new IamUser(this, 'user', { name });
    new IamUserPolicy(this, 'policy', {
      name,
      user: user.name,
      policy: allow(stream.putStatement(), {
        Sid: 'Query',
        Action: ['lambda:InvokeFunction'],
        Resource: [query.arn],
      }),
    });
    const key = new IamAccessKey(this, 'key', { user: user.name });
    this.accessKeyId = key.id;
    this.secretAccessKey = key.secret;
  }
}
