/** What the pipeline says of a mapping, as Terraform is given it. */
import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js';
import { expect, test } from '@jest/globals';
import { Testing } from 'cdktf';
import type { EventSourceMappingSettings } from '../../core/pipeline.ts';
import { mappingOf } from '../../infra/constructs/stream-processor.ts';
import { mappingSettings } from '../support/mapping-settings.ts';

interface Template {
  readonly resource: { readonly aws_lambda_event_source_mapping: { readonly mapping: object } };
}

function synthesised(settings: EventSourceMappingSettings): object {
  const json = Testing.synthScope((scope) => {
    new LambdaEventSourceMapping(scope, 'mapping', { functionName: 'f', ...mappingOf(settings) });
  });
  return (JSON.parse(json) as Template).resource.aws_lambda_event_source_mapping.mapping;
}

test('filters are passed on as they are written', () => {
  const hot = '{"data": {"value": [{"numeric": [">", 80]}]}}';
  const cold = '{"data": {"value": [{"numeric": ["<", 0]}]}}';
  const settings = mappingSettings({ filterCriteria: { filters: [{ pattern: hot }, { pattern: cold }] } });
  expect(synthesised(settings)).toMatchObject({ filter_criteria: { filter: [{ pattern: hot }, { pattern: cold }] } });
});

test('without filters none are named', () => {
  expect(synthesised(mappingSettings())).not.toHaveProperty('filter_criteria');
});

test('filters that Lambda would refuse stop the synthesis', () => {
  const settings = mappingSettings({ filterCriteria: { filters: [{ pattern: '{"data": {"value": 80}}' }] } });
  expect(() => synthesised(settings)).toThrow('filterCriteria.filters[0].pattern: $.data.value: must be an object');
});

test('a tumbling window is passed on, and none is named without one', () => {
  const settings = mappingSettings({ tumblingWindowInSeconds: 60 });
  expect(synthesised(settings)).toMatchObject({ tumbling_window_in_seconds: 60 });
  expect(synthesised(mappingSettings())).not.toHaveProperty('tumbling_window_in_seconds');
});
