/** Edits the environments and their variables. */
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Notice } from '../../parts/notice.tsx'
import {
  addEnvironment,
  chooseEnvironment,
  type Environment,
  environment,
  environments,
  removeEnvironment,
  setVariables,
  type Variable,
} from './environments.ts'
import { inputType } from './input-type.ts'

/** Draws the variables of the chosen environment, and what makes another one. */
export function EnvironmentEditor() {
  const chosen = environment.value
  return (
    <div class="stack">
      <p class="hint">
        Texts of messages and headers may refer to variables, as in <code>{'{{name}}'}</code>. Values of secrets are
        kept in this tab until it is closed, all others in this browser.
      </p>
      {environments.value.length > 0 && (
        <Field label="Environment">
          {(attributes) => (
            <select
              {...attributes}
              class="select"
              value={chosen?.id ?? ''}
              onChange={(event) => chooseEnvironment(event.currentTarget.value || null)}
            >
              <option value="">None</option>
              {environments.value.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {chosen !== null && <VariableForm key={chosen.id} chosen={chosen} />}
      <NewEnvironment />
    </div>
  )
}

const EMPTY: Variable = { name: '', value: '', isSecret: false }

function VariableForm({ chosen }: { chosen: Environment }) {
  const [rows, setRows] = useState<readonly Variable[]>([...chosen.variables, EMPTY])
  const [said, setSaid] = useState<{ readonly tone: 'good' | 'bad'; readonly text: string }>()
  const change = (index: number, part: Partial<Variable>) => {
    const changed = rows.map((row, place) => (place === index ? { ...row, ...part } : row))
    // There is always an empty row for one more.
    setRows(changed.at(-1)?.name === '' ? changed : [...changed, EMPTY])
    setSaid(undefined)
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    try {
      setVariables(chosen.id, rows)
      setSaid({ tone: 'good', text: 'Saved.' })
    } catch (error) {
      setSaid({ tone: 'bad', text: error instanceof Error ? error.message : String(error) })
    }
  }
  return (
    <form class="stack" onSubmit={submit} autocomplete="off">
      <ul class="plain stack is-tight" aria-label={`Variables of ${chosen.name}`}>
        {rows.map((row, index) => (
          <VariableRow key={index} row={row} place={index + 1} onChange={(part) => change(index, part)} />
        ))}
      </ul>
      {said !== undefined && <Notice tone={said.tone}>{said.text}</Notice>}
      <div class="row">
        <Button kind="main" type="submit">
          Save
        </Button>
        <Button kind="danger" onClick={() => removeEnvironment(chosen.id)}>
          Delete {chosen.name}
        </Button>
      </div>
    </form>
  )
}

interface VariableRowProps {
  readonly row: Variable
  readonly place: number
  readonly onChange: (part: Partial<Variable>) => void
}

function VariableRow({ row, place, onChange }: VariableRowProps) {
  return (
    <li class="variable-row">
      <input
        class="input is-mono"
        aria-label={`Name of variable ${place}`}
        placeholder="name"
        spellcheck={false}
        autocapitalize="off"
        value={row.name}
        onInput={(event) => onChange({ name: event.currentTarget.value })}
      />
      <input
        class="input"
        dir="auto"
        aria-label={`Value of variable ${place}`}
        placeholder="value"
        type={inputType(row.isSecret)}
        autocomplete="off"
        spellcheck={false}
        value={row.value}
        onInput={(event) => onChange({ value: event.currentTarget.value })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={row.isSecret}
          onChange={(event) => onChange({ isSecret: event.currentTarget.checked })}
        />
        Secret
      </label>
    </li>
  )
}

function NewEnvironment() {
  const [name, setName] = useState('')
  const [fault, setFault] = useState<string>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    try {
      addEnvironment(name)
      setName('')
      setFault(undefined)
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form class="preset-choice" onSubmit={submit}>
      <Field label="New environment" fault={fault}>
        {(attributes) => (
          <input
            {...attributes}
            class="input"
            dir="auto"
            placeholder="Such as Staging"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" icon="plus">
        Add
      </Button>
    </form>
  )
}
