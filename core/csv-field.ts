/**
 * A text as a field of CSV (RFC 4180). A spreadsheet runs text that begins with one of these characters as a formula
 * (OWASP, "CSV Injection"): a single quote in front makes it text.
 */
export function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
