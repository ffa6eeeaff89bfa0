/** A call as texts that run elsewhere, of which the user chooses one. */
import type { DescMethod } from '@bufbuild/protobuf'
import { useMemo } from 'preact/hooks'
import type { Api } from '../api/api.ts'
import type { Fields } from '../contracts/live-call.ts'
import type { SavedCall } from '../contracts/saved-call.ts'
import { CodeBlock } from '../parts/code-block.tsx'
import { Notice } from '../parts/notice.tsx'
import { storedSignal } from '../parts/stored-signal.ts'
import { Tabs } from '../parts/tabs.tsx'
import { credentialHeaders } from '../session/credentials.ts'
import { api, facts } from '../session/facts.ts'
import type { Snippet, SnippetPlace } from './snippet.ts'
import { snippetsOf } from './snippets-of.ts'
import './snippets.css'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'

const chosen = storedSignal('local', 'snippet', 'curl', (text): text is string => text !== '')

const REFLECTIONS = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']

/** What a panel shows. */
export interface SnippetPanelProps {
  readonly saved: SavedCall
  readonly method: DescMethod
}

/** Draws the panel. */
export function SnippetPanel({ saved, method }: SnippetPanelProps) {
  const [server, loaded, sent] = [facts.value, api.value, credentialHeaders.value]
  const snippets = useMemo(
    () =>
      server === null || loaded === null
        ? []
        : snippetsOf(withCredentials(saved, sent), method, placeOf(server, loaded)),
    [saved, method, server, loaded, sent],
  )
  const tabs = snippets.map((snippet) => ({
    id: snippet.id,
    label: snippet.title,
    panel: () => <SnippetText snippet={snippet} />,
  }))
  const selected = snippets.some(({ id }) => id === chosen.value) ? chosen.value : 'curl'
  return (
    <div class="snippets">
      <Tabs
        label="The call as code"
        tabs={tabs}
        selected={selected}
        onSelect={(id) => {
          chosen.value = id
        }}
      />
    </div>
  )
}

function SnippetText({ snippet: { title, text, note } }: { snippet: Snippet }) {
  if (text === '') return <Notice tone="warn">{note}</Notice>
  return (
    <div class="stack is-tight">
      {note !== undefined && (
        <p class="hint" dir="auto">
          {note}
        </p>
      )}
      <CodeBlock text={text} label={title} />
    </div>
  )
}

/** Adds the names of the credentials, whose values are secrets. */
function withCredentials(saved: SavedCall, credentials: Fields): SavedCall {
  const known = new Set(saved.headers.map(({ name }) => name.toLowerCase()))
  const others = credentials.filter(([name]) => !known.has(name.toLowerCase()))
  return { ...saved, headers: [...saved.headers, ...others.map(([name]) => ({ name, value: '' }))] }
}

function placeOf({ prefix, protocols, descriptorsPath }: ConsoleFacts, { registry }: Api): SnippetPlace {
  return {
    origin: location.origin,
    prefix,
    protocols,
    hasReflection: REFLECTIONS.some((name) => registry.getService(name) !== undefined),
    descriptorsUrl: new URL(descriptorsPath, location.href).href,
    registry,
  }
}
