/** The request message as JSON text. */
import { Field } from '../../parts/field.tsx'
import type { TextDraft } from './text-draft.ts'

/** Draws the editor. */
export function TextEditor({ draft, typeName }: { draft: TextDraft; typeName: string }) {
  const [fault] = draft.faults.value
  return (
    <Field label={<span class="wrap">{typeName}</span>} fault={fault?.message}>
      {(attributes) => (
        <textarea
          {...attributes}
          class="textarea is-mono"
          rows={8}
          spellcheck={false}
          value={draft.text.value}
          onInput={(event) => draft.setText(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
