/** The form of a call: protocol, message, headers and deadline, and what sends it. */
import type { Registry } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import { MessageEditor } from '../message/message-editor.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Field } from '../parts/field.tsx'
import { PresetBar } from '../saved/presets/preset-bar.tsx'
import type { CallForm } from './call-form.ts'
import type { CallSession } from './call-session.ts'
import { takesOneRequest } from './engine/method-kind.ts'
import { HeaderTable } from './form/header-table.tsx'
import { ProtocolPicker } from './form/protocol-picker.tsx'
import { SendBar } from './send-bar.tsx'
import { SavedMessages } from './sending/saved-messages.tsx'
import { SendMany } from './sending/send-many.tsx'

/** What the panel is for. */
export interface RequestPanelProps {
  readonly session: CallSession
  readonly facts: ConsoleFacts
  readonly registry: Registry
}

/** Draws the panel. Ctrl-Enter sends from anywhere in it. */
export function RequestPanel({ session, facts, registry }: RequestPanelProps) {
  const { form } = session
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isInDialog(event.target)) return
    event.preventDefault()
    // Editors of text have other uses for it.
    event.stopPropagation()
    // A key that is held down would send again and again.
    if (!event.repeat) void session.sendDraft()
  }
  return (
    <section class="card stack call-request" aria-labelledby="call-request-title" onKeyDownCapture={pressed}>
      <h2 id="call-request-title">Request</h2>
      <ProtocolPicker
        method={form.method}
        facts={facts}
        chosen={form.protocol.value}
        onChoose={(protocol) => {
          form.protocol.value = protocol
        }}
      />
      <GetChoice form={form} />
      <MessageEditor draft={form.draft} registry={registry} />
      <Metadata form={form} />
      <SendBar session={session} />
      {!takesOneRequest(form.method) && <SavedMessages others={form.otherMessages} sender={session} />}
      {!takesOneRequest(form.method) && <SendMany sender={session} />}
    </section>
  )
}

/** The dialogs of the buttons are part of the panel in the document, but not for the user. */
function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('dialog') !== null
}

function GetChoice({ form }: { form: CallForm }) {
  const isSafe = form.method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  if (!isSafe || form.method.methodKind !== 'unary' || form.protocol.value !== 'connect') return null
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={form.usesGet.value}
        onChange={(event) => {
          form.usesGet.value = event.currentTarget.checked
        }}
      />
      Use GET, so that caches can answer
    </label>
  )
}

function Metadata({ form }: { form: CallForm }) {
  const count = form.headers.value.length
  const deadline = form.deadline.value.trim()
  const said = [count === 0 ? '' : `${count}`, deadline].filter(Boolean).join(', ')
  return (
    <Disclosure summary={said === '' ? 'Headers and deadline' : `Headers and deadline (${said})`} isOpen={count > 0}>
      <div class="stack">
        <HeaderTable
          rows={form.headers.value}
          onAdd={() => form.addHeader()}
          onChange={(id, change) => form.changeHeader(id, change)}
          onRemove={(id) => form.removeHeader(id)}
        />
        <DeadlineField form={form} />
        <PresetBar />
      </div>
    </Disclosure>
  )
}

function DeadlineField({ form }: { form: CallForm }) {
  return (
    <Field
      label="Deadline"
      hint="Such as 500ms, 1.5s or 2m. Empty for none."
      fault={form.deadlineFault.value ?? undefined}
    >
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          class="input call-deadline"
          value={form.deadline.value}
          spellcheck={false}
          onInput={(event) => {
            form.deadline.value = event.currentTarget.value
          }}
        />
      )}
    </Field>
  )
}
