/** A dialog that asks for a name. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'

/** What it asks for. */
export interface NameDialogProps {
  readonly title: string
  /** The text of the button, as in `Rename`. */
  readonly action: string
  /** The name at first. */
  readonly name: string
  /** Takes the name. An error keeps the dialog open, and shows its message. */
  readonly onName: (name: string) => Promise<void>
  readonly onClose: () => void
}

/** Draws the dialog. */
export function NameDialog({ title, action, name, onName, onClose }: NameDialogProps) {
  const [text, setText] = useState(name)
  const [fault, setFault] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    input.current?.focus()
    input.current?.select()
  }, [])
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    try {
      await onName(text)
      onClose()
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label="Name" fault={fault}>
          {(attributes) => (
            <input
              {...attributes}
              ref={input}
              class="input"
              dir="auto"
              value={text}
              maxLength={200}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="row">
          <Button kind="main" type="submit">
            {action}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  )
}
