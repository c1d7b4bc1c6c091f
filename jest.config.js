import process from 'node:process';

// The laptop may run Node 20; that the SDK will not for ever is known.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** Native ESM; types are checked by `npm run check:types`, here they are only stripped. @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Suites with an engine wait for it most of the time: no core is kept free.
  maxWorkers: '100%',
  // For what hangs. No test measures time, and a busy machine is no fault.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['<rootDir>/test/support/one-error.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }],
  },
};
