import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Submission } from '../hooks.ts';
import { Failure } from './notice.tsx';

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string | number | undefined;
  readonly type?: 'text' | 'number' | 'datetime-local' | 'date';
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
  readonly maxLength?: number;
  readonly inputMode?: 'decimal' | 'numeric';
  readonly list?: string;
  readonly placeholder?: string;
}

/** An input with its label, its hint, and what is wrong with what was put in. */
export function Field({ label, name, value, hint, error, type = 'text', ...input }: FieldProps) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        defaultValue={value === undefined ? undefined : String(value)}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={described === '' ? undefined : described}
        {...input}
      />
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      <FieldError id={`${id}-error`} error={error} />
    </div>
  );
}

function FieldError({ id, error }: { id: string; error: string | undefined }) {
  return (
    <span role="alert" id={id} class="field-error">
      {error}
    </span>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange?: (value: string) => void;
}

export function Choice({ label, name, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} onChange={({ currentTarget }) => onChange?.(currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

interface FormProps {
  readonly label: string;
  readonly onSubmit: (values: Values) => void;
  readonly children: ComponentChildren;
}

/** The texts of a form's fields by name; '' for one that is not there. */
export type Values = (name: string) => string;

export function Form({ label, onSubmit, children }: FormProps) {
  return (
    <form
      aria-label={label}
      // The server says what is wrong in its own words, beside the field.
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget, event.submitter);
        onSubmit((name) => {
          const value = data.get(name);
          return typeof value === 'string' ? value : '';
        });
      }}
    >
      {children}
    </form>
  );
}

/** How a submission ended. */
export function Outcome({ submission }: { submission: Submission }) {
  return (
    <>
      <p class="outcome" role="status">
        {submission.busy ? 'Working…' : submission.message}
      </p>
      <Failure error={submission.error} />
    </>
  );
}
