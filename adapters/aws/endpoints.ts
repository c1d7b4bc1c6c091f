/**
 * Where each service is, as the AWS CLI and the SDKs take it from the environment: `AWS_ENDPOINT_URL_<SERVICE>` before
 * `AWS_ENDPOINT_URL`; AWS itself where neither is set (SDKs and Tools Reference Guide, "Service-specific endpoints").
 */
import type { ClientSettings } from './client-options.ts';

const services = { kinesis: 'KINESIS', s3: 'S3', dynamoDb: 'DYNAMODB', cloudWatch: 'CLOUDWATCH' } as const;

export type Service = keyof typeof services;
export type Endpoints = Readonly<Partial<Record<Service, string>>>;

export function endpointsOf(environment: Readonly<Record<string, string | undefined>>): Endpoints {
  const given = Object.entries(services).flatMap(([service, name]) => {
    const endpoint = environment[`AWS_ENDPOINT_URL_${name}`] ?? environment.AWS_ENDPOINT_URL;
    return endpoint === undefined || endpoint === '' ? [] : [[service, endpoint] as const];
  });
  return Object.fromEntries(given);
}

/** The settings of one service's client. */
export function at(service: Service, { endpoints, ...settings }: ServiceSettings): ClientSettings {
  const endpoint = endpoints[service];
  return { ...settings, ...(endpoint !== undefined && { endpoint }) };
}

export type ServiceSettings = Omit<ClientSettings, 'endpoint'> & { readonly endpoints: Endpoints };
