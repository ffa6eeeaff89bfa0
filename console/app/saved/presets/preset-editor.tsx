/** Edits the auth presets. */
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import type { CredentialFields } from '../../session/credential-fields.ts'
import { addPreset, authPresets, choosePreset, kindOf, removePreset } from './auth-presets.ts'
import { inputType } from './input-type.ts'

type Kind = 'bearer' | 'basic' | 'key'

const KINDS: readonly (readonly [kind: Kind, label: string])[] = [
  ['bearer', 'Bearer token'],
  ['basic', 'Basic'],
  ['key', 'API key'],
]

interface Draft {
  readonly name: string
  readonly kind: Kind
  readonly secret: string
  readonly user: string
  readonly header: string
}

const EMPTY: Draft = { name: '', kind: 'bearer', secret: '', user: '', header: 'x-api-key' }

/** Draws the presets, and a form for another one. */
export function PresetEditor() {
  return (
    <div class="stack">
      <p class="hint">
        Calls send the credentials that are chosen. They are kept in this tab until it is closed, and are never part of
        what is saved, exported or linked.
      </p>
      {authPresets.value.length > 0 && (
        <ul class="plain preset-list" aria-label="Presets">
          {authPresets.value.map((preset) => (
            <li key={preset.id} class="spread">
              <span class="wrap" dir="auto">
                <b>{preset.name}</b> <span class="small soft">{kindOf(preset)}</span>
              </span>
              <Button
                kind="quiet"
                isSmall
                icon="trash"
                label={`Delete ${preset.name}`}
                onClick={() => removePreset(preset.id)}
              />
            </li>
          ))}
        </ul>
      )}
      <PresetForm />
    </div>
  )
}

function PresetForm() {
  const [draft, setDraft] = useState(EMPTY)
  const [fault, setFault] = useState<string>()
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    try {
      choosePreset(addPreset(draft.name, fieldsOf(draft)))
      setDraft(EMPTY)
      setFault(undefined)
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form class="stack" onSubmit={submit} autocomplete="off">
      <Text label="Name" value={draft.name} fault={fault} onText={(name) => change({ name })} />
      <fieldset>
        <legend>Kind</legend>
        <div class="segments">
          {KINDS.map(([kind, label]) => (
            <label key={kind} class="segment">
              <input type="radio" name="preset-kind" checked={draft.kind === kind} onChange={() => change({ kind })} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      {draft.kind === 'basic' && <Text label="User name" value={draft.user} onText={(user) => change({ user })} />}
      {draft.kind === 'key' && <Text label="Header" value={draft.header} onText={(header) => change({ header })} />}
      <Text label={SECRET_LABELS[draft.kind]} value={draft.secret} isSecret onText={(secret) => change({ secret })} />
      <div class="row">
        <Button kind="main" type="submit">
          Add
        </Button>
      </div>
    </form>
  )
}

const SECRET_LABELS = { bearer: 'Token', basic: 'Password', key: 'Key' } as const

function fieldsOf({ kind, secret, user, header }: Draft): Partial<CredentialFields> {
  if (kind === 'bearer') return { token: secret }
  if (kind === 'basic') return { user, password: secret }
  return { keys: { [header.trim().toLowerCase()]: secret } }
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly isSecret?: boolean
  readonly fault?: string | undefined
  readonly onText: (text: string) => void
}

function Text({ label, value, isSecret = false, fault, onText }: TextProps) {
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <input
          {...attributes}
          class="input"
          dir="auto"
          type={inputType(isSecret)}
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
