import type { ComponentChildren } from 'preact';
import type { RequestFailed } from '../api.ts';

/** Says what to do where there is nothing to show yet. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** What went wrong, in words, where it did. */
export function Failure({ error }: { error: RequestFailed | undefined }) {
  return (
    <div role="alert">
      {error !== undefined && (
        <p class="failure">
          <Mark sign="!" /> {error.message}
        </p>
      )}
    </div>
  );
}

/** A feature that this server does not have, or does not offer now. */
export function Unavailable({ what, error }: { what: string; error: RequestFailed }) {
  return (
    <p class="notice">
      {what} is not available here. {error.status === 404 ? 'This server does not have it.' : error.message}
    </p>
  );
}

/** Whether an error says that the server lacks the feature, rather than that something went wrong. */
export function isUnavailable(error: RequestFailed | undefined): error is RequestFailed {
  return error !== undefined && [403, 404, 501].includes(error.status);
}

/** A sign beside words, for the eye only. */
export function Mark({ sign }: { sign: string }) {
  return (
    <span class="mark" aria-hidden="true">
      {sign}
    </span>
  );
}
