/** What can be done with a message as a whole. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { FilePicker } from '../parts/file-picker.tsx'
import { Notice } from '../parts/notice.tsx'
import { exampleOf } from './example-of.ts'
import { FaultCount } from './fault-summary.tsx'
import { loadFile } from './form/load-file.ts'
import { formatJson } from './json/format-json.ts'
import type { MessageDraft } from './message-draft.ts'
import { defaultMessageText } from './schema/default-text.ts'

export function DraftToolbar({ draft }: { draft: MessageDraft }) {
  const [fault, setFault] = useState<string | null>(null)
  const [replaced, setReplaced] = useState<Replaced | null>(null)
  const replace = (text: string) => {
    setReplaced({ before: draft.text.peek(), after: text })
    setFault(null)
    draft.setText(text)
  }
  const load = async (file: File) => setFault(await loadFile(file, async () => replace(await file.text())))
  const undo = () => {
    if (replaced !== null) draft.setText(replaced.before)
    setReplaced(null)
  }
  const format = () => {
    draft.settle()
    const parsed = draft.parsed.peek()
    if (parsed !== null) replace(formatJson(parsed))
  }
  return (
    <div class="draft-toolbar">
      <Button isSmall={true} icon="sample" onClick={() => replace(exampleOf(draft.schema))}>
        Example
      </Button>
      <Button isSmall={true} icon="trash" onClick={() => replace(defaultMessageText(draft.schema))}>
        Clear
      </Button>
      <Button isSmall={true} icon="code" isDisabled={draft.parsed.value === null} onClick={format}>
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
