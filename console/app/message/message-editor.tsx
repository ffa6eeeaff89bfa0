/** The editor of a request message: a form and its JSON, in step with each other. */
import type { Registry } from '@bufbuild/protobuf'
import { useId, useState } from 'preact/hooks'
import { FaultSummary } from './fault-summary.tsx'
import { MessageForm } from './form/message-form.tsx'
import { JsonEditor } from './json-editor.tsx'
import type { MessageDraft } from './message-draft.ts'
import './message.css'

export interface MessageEditorProps {
  readonly draft: MessageDraft
  readonly registry: Registry
}

const MODES = ['form', 'json', 'both'] as const
type Mode = (typeof MODES)[number]
const TITLES: Readonly<Record<Mode, string>> = { form: 'Form', json: 'JSON', both: 'Both' }

/** From this length on, changes of the form wait for a pause of typing. */
const LONG_TEXT = 50_000

export function MessageEditor({ draft, registry }: MessageEditorProps) {
  const [mode, setMode] = useState<Mode>('form')
  return (
    <div class="draft-editor" data-mode={mode}>
      <ModeChoice mode={mode} onMode={setMode} />
      <div class="draft-panes">
        {mode === 'json' ? null : <FormPane draft={draft} registry={registry} onJson={() => setMode('json')} />}
        {mode === 'form' ? null : <JsonEditor draft={draft} />}
      </div>
      <FaultSummary draft={draft} />
    </div>
  )
}

function ModeChoice({ mode, onMode }: { mode: Mode; onMode: (mode: Mode) => void }) {
  const group = useId()
  return (
    <fieldset class="segments draft-modes">
      <legend class="visually-hidden">Edit the message as</legend>
      {MODES.map((each) => (
        <label key={each} class="segment" data-mode={each}>
          <input type="radio" name={group} checked={each === mode} onChange={() => onMode(each)} />
          {TITLES[each]}
        </label>
      ))}
    </fieldset>
  )
}

function FormPane({ draft, registry, onJson }: MessageEditorProps & { onJson: () => void }) {
  const parsed = draft.parsed.value
  if (parsed === null) {
    return (
      <div class="note is-error">
        <p>The form is back as soon as the JSON can be read.</p>
        <button type="button" class="button is-quiet" onClick={onJson}>
          Show the JSON
        </button>
      </div>
    )
  }
  return (
    <MessageForm
      schema={draft.schema}
      registry={registry}
      parsed={parsed}
      faults={draft.faults.value}
      edits={draft}
      isLong={draft.text.value.length > LONG_TEXT}
    />
  )
}
