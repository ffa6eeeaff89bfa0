/** The request editor on a page of its own, for tests: of the message type that the hash names. Tests read the draft as `draft`. */
// The order of its layers comes first, as in the console.
import '../../../../console/app/styles/app.css'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { render } from 'preact'
import { MessageDraft } from '../../../../console/app/message/message-draft.ts'
import { MessageEditor } from '../../../../console/app/message/message-editor.tsx'
import './page.css'

const octets = new Uint8Array(await (await fetch('descriptors')).arrayBuffer())
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, octets))
const schema = registry.getMessage(location.hash.slice(1))
const root = document.getElementById('app')
if (schema === undefined || root === null) throw new Error('there is no such message')
const draft = new MessageDraft(schema, registry)
Object.assign(globalThis, { draft })
render(
  <>
    <h1>{schema.typeName}</h1>
    <MessageEditor draft={draft} registry={registry} />
  </>,
  root,
)
