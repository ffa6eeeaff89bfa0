/** What comes back from a call, in tabs. */
import { useState } from 'preact/hooks'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'
import { type Tab, Tabs } from '../parts/tabs.tsx'
import type { CallSession } from './call-session.ts'
import { CodeSlot } from './code-slot.tsx'
import { CompareSlot } from './compare-slot.tsx'
import { takesOneRequest } from './engine/method-kind.ts'
import { HeadersTab } from './headers-tab.tsx'
import { ResponseTab } from './response-tab.tsx'

/** What the panel is for. */
export interface ResponsePanelProps {
  readonly session: CallSession
  readonly facts: ConsoleFacts
  readonly api: Api
}

/** Draws the panel. */
export function ResponsePanel({ session, api }: ResponsePanelProps) {
  const [selected, setSelected] = useState('response')
  const { registry } = api
  const tabs: readonly Tab[] = [
    { id: 'response', label: 'Response', panel: () => <ResponseTab session={session} registry={registry} /> },
    { id: 'headers', label: 'Headers', panel: () => <HeadersTab session={session} /> },
    ...(takesOneRequest(session.form.method)
      ? [{ id: 'compare', label: 'Compare', panel: () => <CompareSlot session={session} /> }]
      : []),
    { id: 'code', label: 'Code', panel: () => <CodeSlot form={session.form} /> },
  ]
  return (
    <section class="card call-response" aria-label="Result">
      <Tabs label="Result of the call" tabs={tabs} selected={selected} onSelect={setSelected} />
    </section>
  )
}
