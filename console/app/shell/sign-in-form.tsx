/** The form for credentials: what the server's schemes ask for, and any further headers. */
import { useSignal } from '@preact/signals'
import { Button } from '../parts/button.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Field } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { type CredentialFields, type SignInWay, signInWays } from '../session/credential-fields.ts'
import { credentialFields, hasCredentials } from '../session/credentials.ts'
import { facts } from '../session/facts.ts'
import { signIn, signOut } from '../session/session.ts'

/** What the form does in the end. */
export interface SignInFormProps {
  /** Called when the server has been asked with the credentials. */
  readonly onDone?: () => void
}

/** Draws the form. */
export function SignInForm({ onDone }: SignInFormProps) {
  const draft = useSignal<CredentialFields>(credentialFields.peek())
  const fault = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const change = (change: Partial<CredentialFields>) => {
    draft.value = { ...draft.value, ...change }
  }
  const run = async (action: () => Promise<void>) => {
    isBusy.value = true
    fault.value = null
    try {
      await action()
      onDone?.()
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error)
    } finally {
      isBusy.value = false
    }
  }
  const submitted = (event: SubmitEvent) => {
    event.preventDefault()
    void run(() => signIn(draft.value))
  }
  return (
    <form class="stack" onSubmit={submitted} autocomplete="off">
      {waysOf().map((way) => (
        <Way key={way.name} way={way} draft={draft.value} change={change} />
      ))}
      <Disclosure summary="Other headers" isOpen={draft.value.headers !== ''}>
        <Field label="Headers of each call" hint="One per line, as in x-tenant: blue">
          {(attributes) => (
            <textarea
              {...attributes}
              class="textarea is-mono"
              spellcheck={false}
              value={draft.value.headers}
              onInput={(event) => change({ headers: event.currentTarget.value })}
            />
          )}
        </Field>
      </Disclosure>
      {fault.value !== null && <Notice tone="bad">{fault.value}</Notice>}
      <div class="row">
        <Button kind="main" type="submit" isBusy={isBusy.value}>
          Sign in
        </Button>
        {hasCredentials.value && (
          <Button onClick={() => void run(signOut)} isBusy={isBusy.value}>
            Sign out
          </Button>
        )}
      </div>
      <p class="hint">Kept in this tab until it is closed, and sent to this server only.</p>
    </form>
  )
}

/** A server may not tell its schemes: a token is the most common. */
function waysOf(): SignInWay[] {
  const ways = signInWays(facts.value?.schemes ?? {})
  return ways.length === 0 ? [{ kind: 'bearer', name: 'token', hint: '' }] : ways
}

interface WayProps {
  readonly way: SignInWay
  readonly draft: CredentialFields
  readonly change: (change: Partial<CredentialFields>) => void
}

function Way({ way, draft, change }: WayProps) {
  const hint = way.hint === '' ? undefined : way.hint
  switch (way.kind) {
    case 'bearer':
      return <Secret label="Bearer token" hint={hint} value={draft.token} onInput={(token) => change({ token })} />
    case 'header': {
      const setKey = (key: string) => change({ keys: { ...draft.keys, [way.header]: key } })
      return <Secret label={way.header} hint={hint} value={draft.keys[way.header] ?? ''} onInput={setKey} />
    }
    case 'basic':
      return <NameAndPassword hint={hint} draft={draft} change={change} />
    case 'certificate':
      return <p class="hint">This server also takes client certificates, which the browser itself asks for.</p>
  }
}

function NameAndPassword({ hint, draft, change }: Omit<WayProps, 'way'> & { hint: string | undefined }) {
  return (
    <>
      <Field label="User name" hint={hint}>
        {(attributes) => (
          <input
            {...attributes}
            class="input"
            autocomplete="username"
            value={draft.user}
            onInput={(event) => change({ user: event.currentTarget.value })}
          />
        )}
      </Field>
      <Secret label="Password" value={draft.password} onInput={(password) => change({ password })} />
    </>
  )
}

interface SecretProps {
  readonly label: string
  readonly hint?: string | undefined
  readonly value: string
  readonly onInput: (value: string) => void
}

function Secret({ label, hint, value, onInput }: SecretProps) {
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <input
          {...attributes}
          class="input is-mono"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
