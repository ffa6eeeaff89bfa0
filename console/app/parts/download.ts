/** Saving files. */
import { safeFileName } from './safe-file-name.ts'

/** Lets the browser save a file. */
export function downloadFile(name: string, content: BlobPart, type: string): void {
  // The types that pages may run would have the rights of this page if someone opened the URL.
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = safeFileName(name)
  link.click()
  // The browser may read the URL only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
