import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { LambdaFunction as Resource } from '@cdktf/provider-aws/lib/lambda-function/index.js';
import { AssetType, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import type { FunctionSettings } from '../../core/pipeline.ts';
import type { DeploymentConfig } from '../config.ts';
import { allow, assumedByLambda, type Statement } from '../policy.ts';

export interface LambdaFunctionOptions {
  /** Full name, `<stack>-<name>`; also that of the role. */
  readonly name: string;
  /** Folder of the bundle, `index.mjs` with `handler` in it. */
  readonly bundle: string;
  /** Memory decides the share of a CPU too; both are chosen in `core/pipeline.ts`. */
  readonly settings: FunctionSettings;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may do, besides writing its log. */
  readonly statements: readonly Statement[];
  readonly config: DeploymentConfig;
}

/** A function with a role and a log of its own. */
export class LambdaFunction extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, options: LambdaFunctionOptions) {
    super(scope, id);
    const { name, bundle, settings, environment, statements, config } = options;
    // Made here rather than by Lambda at the first invocation, which would keep it for ever and after a destroy.
    const log = new CloudwatchLogGroup(this, 'log', { name: `/aws/lambda/${name}`, retentionInDays: config.logDays });
    const role = new IamRole(this, 'role', { name, assumeRolePolicy: assumedByLambda });
    const policy = new IamRolePolicy(this, 'policy', {
      name,
      role: role.name,
      policy: allow(...statements, {
        Sid: 'WriteLog',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        // Streams of the group: to IAM they are resources below it.
        Resource: [`${log.arn}:*`],
      }),
    });
    const code = new TerraformAsset(this, 'code', { path: bundle, type: AssetType.ARCHIVE });
    const resource = new Resource(this, 'function', {
      functionName: name,
      role: role.arn,
      // The path holds a hash of the content, so new code is a new path, and the same code is no change.
      filename: code.path,
      handler: 'index.handler',
      runtime: 'nodejs22.x',
      // A fifth cheaper than x86 for the same work, and the bundles are JavaScript only.
      architectures: ['arm64'],
      memorySize: settings.memoryInMiB,
      timeout: settings.timeoutInSeconds,
      environment: {
        variables: {
          ...environment,
          LOG_LEVEL: config.logLevel,
          // Stack traces name the sources: the bundle is minified and its map lies beside it.
          NODE_OPTIONS: '--enable-source-maps',
          ...(config.endpoint !== undefined && { AWS_ENDPOINT_URL: config.endpoint }),
        },
      },
      loggingConfig: { logFormat: 'JSON', logGroup: log.name },
      // A function that starts before it may do its work would fail its first batch.
      dependsOn: [policy],
    });
    this.name = resource.functionName;
    this.arn = resource.arn;
    this.logGroupName = log.name;
  }
}
