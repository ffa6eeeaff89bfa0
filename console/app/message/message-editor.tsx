/** The editor of a request message: a form and its JSON, in step with each other. */
import type { Registry } from '@bufbuild/protobuf'
import { useRef, useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Notice } from '../parts/notice.tsx'
import { storedSignal } from '../parts/stored-signal.ts'
import { Tabs } from '../parts/tabs.tsx'
import type { DraftFault } from './check/draft-fault.ts'
import { DraftToolbar } from './draft-toolbar.tsx'
import { FaultSummary } from './fault-summary.tsx'
import { MessageForm } from './form/message-form.tsx'
import { JsonEditor } from './json-editor.tsx'
import type { MessageDraft } from './message-draft.ts'
import './message.css'
import { useWide } from './use-wide.ts'

export interface MessageEditorProps {
  readonly draft: MessageDraft
  /** The types that `Any` and extensions may use. */
  readonly registry: Registry
}

/** From this length on, changes of the form wait for a pause of typing. */
const LONG_TEXT = 50_000

const MODES = ['form', 'json', 'both'] as const
type Mode = (typeof MODES)[number]

function isMode(text: string): text is Mode {
  return MODES.some((mode) => mode === text)
}

/** The same for all messages of the session. */
const mode = storedSignal<Mode>('session', 'editor-mode', 'form', isMode)

function showJson(): void {
  mode.value = 'json'
}

export function MessageEditor({ draft, registry }: MessageEditorProps) {
  const [target, setTarget] = useState<DraftFault | null>(null)
  const editor = useRef<HTMLDivElement>(null)
  const isWide = useWide(editor)
  const form = () => <FormPane draft={draft} registry={registry} />
  const json = () => <JsonEditor draft={draft} target={target} />
  const both = () => (
    <div class="draft-panes is-split">
      {form()}
      {json()}
    </div>
  )
  const select = (id: string) => {
    setTarget(null)
    if (isMode(id)) mode.value = id
  }
  const pick = (fault: DraftFault) => {
    if (mode.value === 'form' || !isWide) mode.value = 'json'
    setTarget({ ...fault })
  }
  const tabs = [
    { id: 'form', label: 'Form', panel: form },
    { id: 'json', label: 'JSON', panel: json },
    ...(isWide ? [{ id: 'both', label: 'Both', panel: both }] : []),
  ]
  return (
    <div class="draft-editor" ref={editor}>
      <DraftToolbar draft={draft} />
      <Tabs label="Edit the message as" tabs={tabs} selected={mode.value} onSelect={select} />
      <FaultSummary draft={draft} onPick={pick} />
    </div>
  )
}

function FormPane({ draft, registry }: MessageEditorProps) {
  const current = draft.parsed.value
  const latest = useRef(current)
  if (current !== null) latest.current = current
  return (
    <div>
      {current !== null ? null : (
        <Notice tone="warn" actions={<Button onClick={showJson}>Show the JSON</Button>}>
          The form returns once the JSON has no syntax errors.
        </Notice>
      )}
      {latest.current === null ? null : (
        // It stays while JSON is typed beside it, so that what is folded and scrolled in it does too.
        <div class="draft-shown" inert={current === null}>
          <MessageForm
            schema={draft.schema}
            registry={registry}
            parsed={latest.current}
            faults={current === null ? [] : draft.faults.value}
            edits={draft}
            isLong={draft.text.value.length > LONG_TEXT}
          />
        </div>
      )}
    </div>
  )
}
