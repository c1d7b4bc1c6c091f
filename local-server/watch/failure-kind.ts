/** What failures have in common that differ in a request id, a key or a count only. */
export function failureKind(message: string): string {
  return message.replace(/, request [^)]*/, '').replace(/\d+/g, '#');
}
