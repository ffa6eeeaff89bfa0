/** Names of files that are made of names of the API. */

/** Returns a name that every file system takes. */
export function safeFileName(name: string): string {
  const safe = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}<>:"/\\|?*\s]+/gu, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
  return safe === '' ? 'download' : safe.slice(0, 120)
}
