/**
 * Makes `instanceof Error` true for errors of Node's own modules, as it is outside of jest. Jest runs tests in a context
 * with an `Error` of its own, so that an error of a socket seems to be none; the SDK then wraps it and loses its code.
 */
import { types } from 'node:util';

Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    return this === Error
      ? types.isNativeError(candidate)
      : Function.prototype[Symbol.hasInstance].call(this, candidate);
  },
});
