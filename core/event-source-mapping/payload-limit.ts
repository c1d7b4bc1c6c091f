/** Lambda takes a payload of 6 MB, and that is measured on the JSON event, in which data is base64. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
