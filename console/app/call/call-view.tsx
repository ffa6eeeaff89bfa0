/** The view of a method: what it is, the form of a call, and what comes back. */
import type { DescMethod } from '@bufbuild/protobuf'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'
import { NotFound } from '../parts/not-found.tsx'
import { Notice } from '../parts/notice.tsx'
import { route } from '../route/route.ts'
import { decodeCall } from '../saved/call-link.ts'
import { api, facts } from '../session/facts.ts'
import type { CallSession } from './call-session.ts'
import { CallSessions } from './call-sessions.ts'
import { MethodHeading } from './method-heading.tsx'
import { pageContext } from './page-context.ts'
import { recordEnd } from './record-end.ts'
import { RequestPanel } from './request-panel.tsx'
import { ResponsePanel } from './response-panel.tsx'
import './call.css'

/** Draws the method that the route names. */
export function View() {
  const { name, query } = route.value
  const known = facts.value
  const types = api.value
  if (known === null || types === null) return null
  const method = types.methodOf(name)
  if (method === undefined) return <NotFound kind="method" name={name} />
  return <MethodView key={name} method={method} link={query.get('call')} facts={known} api={types} />
}

interface MethodViewProps {
  readonly method: DescMethod
  /** The text of a link to a call; null for none. */
  readonly link: string | null
  readonly facts: ConsoleFacts
  readonly api: Api
}

function MethodView({ method, link, facts: known, api: types }: MethodViewProps) {
  const session = useMemo(() => sessions.of(method, known, types), [method, known, types])
  const fault = useLinkedCall(session, link)
  useEffect(() => () => session.leave(), [session])
  return (
    <div class="page is-wide call">
      <MethodHeading method={method} />
      {fault !== null && <Notice tone="bad">{fault}</Notice>}
      <div class="call-panels">
        <RequestPanel session={session} facts={known} registry={types.registry} />
        <ResponsePanel session={session} facts={known} api={types} />
      </div>
    </div>
  )
}

const sessions = new CallSessions({ context: pageContext, onEnd: recordEnd })

/** Takes over the call of a link. Returns what is wrong with it, null for nothing. */
function useLinkedCall(session: CallSession, link: string | null): string | null {
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    setFault(null)
    if (link === null || isReturn(session, link)) return
    let isCurrent = true
    decodeCall(link).then(
      (saved) => {
        if (!isCurrent) return
        session.form.fromSavedCall(saved)
        session.link = link
        history.replaceState({ link }, '')
      },
      (error) => isCurrent && setFault(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      isCurrent = false
    }
  }, [session, link])
  return fault
}

/** Whether the user goes back to where the link has been opened: the form may have been changed since. A click opens it anew. */
function isReturn(session: CallSession, link: string): boolean {
  return session.link === link && (history.state as { readonly link?: unknown } | null)?.link === link
}
