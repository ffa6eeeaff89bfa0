/** JSON of any kind, for Struct, Value and ListValue. It is taken over whenever it can be read. */
import { useEffect, useState } from 'preact/hooks'
import { JsonSyntaxError, parseJson } from '../json/parse-json.ts'
import { type ControlProps, inputAttributes } from './control-props.ts'
import { useForm } from './form-source.ts'
import { useRefusal } from './use-refusal.ts'

export function JsonControl(props: ControlProps) {
  const { node, path, onValue } = props
  const { sourceOf } = useForm()
  const source = node === undefined ? '' : sourceOf(node)
  const [typed, setTyped] = useState<string | null>(null)
  const fault = typed === null || typed.trim() === '' ? undefined : syntaxFault(typed)
  useRefusal(path, fault)
  // Other changes of the value replace what was typed.
  useEffect(() => {
    if (typed !== null && typed.trim() !== source.trim()) setTyped(null)
  }, [source])
  const onInput = (text: string) => {
    setTyped(text)
    if (text.trim() === '') onValue(null)
    else if (syntaxFault(text) === undefined) onValue(text.trim())
  }
  return (
    <textarea
      class="textarea is-mono draft-text"
      {...inputAttributes(props)}
      rows={Math.min(12, (typed ?? source).split('\n', 12).length)}
      spellcheck={false}
      value={typed ?? source}
      onInput={(event) => onInput(event.currentTarget.value)}
      onBlur={() => fault === undefined && setTyped(null)}
    />
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
