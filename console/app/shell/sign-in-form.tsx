/** The form for credentials: what the server's schemes ask for, and any further headers. */
import { useSignal } from '@preact/signals'
import { Button } from '../parts/button.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Field } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { type CredentialFields, NO_CREDENTIALS, type SignInWay, signInWays } from '../session/credential-fields.ts'
import { credentialFault, credentialFields, hasCredentials } from '../session/credentials.ts'
import { facts } from '../session/facts.ts'
import { signIn, signOut } from '../session/session.ts'

/** What the form does in the end. */
export interface SignInFormProps {
  /** Called when the server has been asked with the credentials, and did not refuse them. */
  readonly onDone?: () => void
}

/** Draws the form. */
export function SignInForm({ onDone }: SignInFormProps) {
  const draft = useSignal<CredentialFields>(credentialFields.peek())
  /** Of what cannot be sent. */
  const draftFault = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const change = (change: Partial<CredentialFields>) => {
    draft.value = { ...draft.value, ...change }
  }
  const run = async (action: () => Promise<boolean>) => {
    isBusy.value = true
    draftFault.value = null
    try {
      if (await action()) onDone?.()
    } catch (error) {
      draftFault.value = error instanceof Error ? error.message : String(error)
    } finally {
      isBusy.value = false
    }
  }
  const fault = draftFault.value ?? (isBusy.value ? null : credentialFault.value)
  const signOutHere = () => {
    draft.value = NO_CREDENTIALS
    return signOut()
  }
  const submitted = (event: SubmitEvent) => {
    event.preventDefault()
    void run(() => signIn(draft.value))
  }
  return (
    <form class="stack" onSubmit={submitted} autocomplete="off">
      {waysOf().map((way, index) => (
        // Ways do not move.
        <Way key={`${index}`} way={way} draft={draft.value} change={change} />
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
      {fault !== null && <Notice tone="bad">{fault}</Notice>}
      <div class="row">
        <Button kind="main" type="submit" isBusy={isBusy.value}>
          Sign in
        </Button>
        {hasCredentials.value && (
          <Button onClick={() => void run(signOutHere)} isBusy={isBusy.value}>
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
  return ways.length === 0 ? [{ kind: 'bearer', hint: '' }] : ways
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
      // The server names the header: it may have the name of a property that all objects have.
      const key = Object.hasOwn(draft.keys, way.header) ? draft.keys[way.header] : undefined
      return <Secret label={way.header} hint={hint} value={key ?? ''} onInput={setKey} />
    }
    case 'basic':
      return <NameAndPassword hint={hint} draft={draft} change={change} />
    case 'elsewhere':
      return (
        <p class="hint" dir="auto">
          <strong>{way.name}</strong>: {way.hint}
        </p>
      )
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
