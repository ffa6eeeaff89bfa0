/** What can be done with a message as a whole. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { FilePicker } from '../parts/file-picker.tsx'
import { Notice } from '../parts/notice.tsx'
import { exampleOf } from './example-of.ts'
import { FaultCount } from './fault-summary.tsx'
import { formatJson } from './json/format-json.ts'
import type { MessageDraft } from './message-draft.ts'
import { defaultMessageText } from './schema/default-text.ts'

/** Requests are not larger, and the page would stop answering. */
const MAX_FILE_BYTES = 32 * 1024 * 1024

export function DraftToolbar({ draft }: { draft: MessageDraft }) {
  const [fault, setFault] = useState<string | null>(null)
  const [replaced, setReplaced] = useState<Replaced | null>(null)
  const replace = (text: string) => {
    setReplaced({ before: draft.text.peek(), after: text })
    setFault(null)
    draft.setText(text)
  }
  const load = async (file: File) => {
    if (file.size > MAX_FILE_BYTES) return setFault(`${file.name} is larger than 32 MiB.`)
    replace(await file.text())
  }
  const undo = () => {
    if (replaced !== null) draft.setText(replaced.before)
    setReplaced(null)
  }
  const parsed = draft.parsed.value
  const format = () => parsed !== null && replace(formatJson(parsed))
  return (
    <div class="draft-toolbar">
      <Button isSmall={true} icon="sample" onClick={() => replace(exampleOf(draft.schema))}>
        Example
      </Button>
      <Button isSmall={true} icon="trash" onClick={() => replace(defaultMessageText(draft.schema))}>
        Clear
      </Button>
      <Button isSmall={true} icon="code" isDisabled={parsed === null} onClick={format}>
        Format
      </Button>
      <FilePicker label="Load JSON" accept=".json,application/json" isSmall={true} onPick={load} />
      {replaced?.after === draft.text.value && replaced.before !== replaced.after ? (
        <Button isSmall={true} icon="history" onClick={undo}>
          Undo
        </Button>
      ) : null}
      <FaultCount draft={draft} />
      {fault === null ? null : <Notice tone="bad">{fault}</Notice>}
    </div>
  )
}

/** A text that a button replaced; it can come back until something else changes. */
interface Replaced {
  readonly before: string
  readonly after: string
}
