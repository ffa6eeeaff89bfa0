/** JSON of any kind, for Struct, Value and ListValue. It is taken over whenever it can be read. */
import { useEffect, useState } from 'preact/hooks'
import { JsonSyntaxError, parseJson } from '../json/parse-json.ts'
import { type ControlProps, inputAttributes } from './control-props.ts'
import { useForm } from './form-source.ts'

export function JsonControl(props: ControlProps) {
  const { node, onValue } = props
  const { sourceOf } = useForm()
  const source = node === undefined ? '' : unindented(sourceOf(node))
  const [typed, setTyped] = useState<string | null>(null)
  const fault = typed === null || typed.trim() === '' ? undefined : syntaxFault(typed)
  // Other changes of the value replace what was typed.
  useEffect(() => {
    if (typed !== null && fault === undefined && typed.trim() !== source.trim()) setTyped(null)
  }, [source])
  const onInput = (text: string) => {
    setTyped(text)
    if (text.trim() === '') onValue(null)
    else if (syntaxFault(text) === undefined) onValue(text.trim())
  }
  return (
    <>
      <textarea
        class="textarea is-mono draft-text"
        {...inputAttributes(props)}
        rows={Math.min(12, (typed ?? source).split('\n', 12).length)}
        spellcheck={false}
        value={typed ?? source}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={() => fault === undefined && setTyped(null)}
      />
      {fault === undefined ? null : <p class="draft-fault">{fault}</p>}
    </>
  )
}

function syntaxFault(text: string): string | undefined {
  try {
    parseJson(text)
    return undefined
  } catch (error) {
    return error instanceof JsonSyntaxError ? error.message : undefined
  }
}

/** Takes away the indentation that the place in the text of the message has. */
function unindented(source: string): string {
  const indent = /\n([ \t]*)[\]}]$/.exec(source)?.[1] ?? ''
  return source.replaceAll(`\n${indent}`, '\n')
}
