/** Which credentials and which variables calls use: two choices, each with a dialog that edits what there is to choose. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { hasCredentials } from '../../session/credentials.ts'
import { authPresets, choosePreset, currentPreset } from './auth-presets.ts'
import { EnvironmentEditor } from './environment-editor.tsx'
import { chooseEnvironment, environment, environments } from './environments.ts'
import { PresetEditor } from './preset-editor.tsx'
import './presets.css'

/** Draws both. */
export function PresetBar() {
  return (
    <div class="preset-bar">
      <CredentialChoice />
      <EnvironmentChoice />
    </div>
  )
}

const NONE = ''
const OTHERS = 'others'

function CredentialChoice() {
  const current = currentPreset.value?.id ?? (hasCredentials.value ? OTHERS : NONE)
  return (
    <Choice label="Credentials" edit="Edit credentials" dialog="Credentials for calls" editor={() => <PresetEditor />}>
      {(attributes) => (
        <select
          {...attributes}
          class="select"
          value={current}
          onChange={(event) => choosePreset(event.currentTarget.value)}
        >
          <option value={NONE}>None</option>
          {current === OTHERS && <option value={OTHERS}>Those of the sign-in</option>}
          {authPresets.value.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Choice>
  )
}

function EnvironmentChoice() {
  return (
    <Choice label="Variables" edit="Edit variables" dialog="Variables" editor={() => <EnvironmentEditor />}>
      {(attributes) => (
        <select
          {...attributes}
          class="select"
          value={environment.value?.id ?? NONE}
          onChange={(event) => chooseEnvironment(event.currentTarget.value || null)}
        >
          <option value={NONE}>None</option>
          {environments.value.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Choice>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly edit: string
  readonly dialog: string
  readonly editor: () => ComponentChildren
  readonly children: Parameters<typeof Field>[0]['children']
}

function Choice({ label, edit, dialog, editor, children }: ChoiceProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <div class="preset-choice">
      <Field label={label}>{children}</Field>
      <Button kind="quiet" icon="pencil" label={edit} onClick={() => setIsOpen(true)} />
      {isOpen && (
        <Dialog title={dialog} onClose={() => setIsOpen(false)}>
          {editor()}
        </Dialog>
      )}
    </div>
  )
}
