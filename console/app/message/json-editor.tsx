/** The JSON of a message as text. */
import { useId } from 'preact/hooks'
import type { MessageDraft } from './message-draft.ts'

export function JsonEditor({ draft }: { draft: MessageDraft }) {
  const id = useId()
  return (
    <div class="draft-json">
      <label class="visually-hidden" for={id}>
        JSON
      </label>
      <textarea
        id={id}
        class="draft-text is-code is-json"
        rows={12}
        spellcheck={false}
        autocomplete="off"
        value={draft.text.value}
        onInput={(event) => draft.typeText(event.currentTarget.value)}
      />
    </div>
  )
}
