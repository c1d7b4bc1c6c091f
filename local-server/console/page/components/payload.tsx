import { decodePayload } from '../format.ts';

/** Bytes from outside: as text where they are UTF-8, else as a hex dump. Never as anything but text. */
export function Payload({ base64 }: { base64: string }) {
  const payload = decodePayload(base64);
  if ('text' in payload) return <TextBlock label="Payload, UTF-8 text" text={payload.text} />;
  return <TextBlock label="Payload, not UTF-8, in hex" text={payload.hex} />;
}

export function TextBlock({ label, text }: { label: string; text: string }) {
  return (
    <figure class="text-block">
      <figcaption>{label}</figcaption>
      <pre tabIndex={0} aria-label={label} role="group">
        {text === '' ? '(empty)' : text}
      </pre>
    </figure>
  );
}
