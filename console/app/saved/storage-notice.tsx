/** Says that the browser does not keep what it should. */
import { Notice } from '../parts/notice.tsx'
import { storageFault } from './kept-store.ts'

/** Draws the notice, if there is something to say. */
export function StorageNotice() {
  return storageFault.value === null ? null : <Notice tone="warn">{storageFault.value}</Notice>
}
