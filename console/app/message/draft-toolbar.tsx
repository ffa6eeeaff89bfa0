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
  const parsed = draft.parsed.value
  const load = async (file: File) => {
    if (file.size > MAX_FILE_BYTES) return setFault(`${file.name} is larger than 32 MiB.`)
    setFault(null)
    draft.setText(await file.text())
  }
  return (
    <div class="draft-toolbar">
      <Button isSmall={true} icon="sample" onClick={() => draft.setText(exampleOf(draft.schema))}>
        Example
      </Button>
      <Button isSmall={true} icon="trash" onClick={() => draft.setText(defaultMessageText(draft.schema))}>
        Clear
      </Button>
      <Button
        isSmall={true}
        icon="code"
        isDisabled={parsed === null}
        onClick={() => parsed && draft.setText(formatJson(parsed))}
      >
        Format
      </Button>
      <FilePicker label="Load JSON" accept=".json,application/json" isSmall={true} onPick={load} />
      <FaultCount draft={draft} />
      {fault === null ? null : <Notice tone="bad">{fault}</Notice>}
    </div>
  )
}
