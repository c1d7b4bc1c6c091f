import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The core takes time, chance and the environment as arguments (docs/adr/0001). */
const impureInCore = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'The core has no clock: take the time as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'The core has no clock: take the time as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'The core has no chance: take a Random as an argument.',
  },
];
const effectsInCore = [
  'process',
  'console',
  'fetch',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'require',
];

const browserGlobals = ['document', 'fetch', 'FormData', 'EventSource'];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'cdktf.out/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      'no-console': 'error',
    },
  },
  {
    files: ['local-server/page/**/*.js'],
    languageOptions: { globals: Object.fromEntries(browserGlobals.map((name) => [name, 'readonly'])) },
  },
  {
    files: ['core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...effectsInCore],
      'no-restricted-syntax': ['error', ...impureInCore],
      // A promise of a port may be implemented without waiting, and a use case may be async only for its contract.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['adapters/memory/**/*.ts', 'local-server/**/*.{ts,tsx}', 'test/**/*.ts'],
    // The ports are asynchronous; memory is not. An async method turns a throw into a rejection, as the ports promise.
    // And a Fastify plugin is async for what it registers.
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
