/** Keeps a message from being sent while an input has a text that is no value. */
import { useLayoutEffect } from 'preact/hooks'
import type { JsonPath } from '../json/json-node.ts'
import { pathId, useForm } from './form-source.ts'

/** @param fault says what is wrong with the text; undefined if nothing is. It is shown with the other faults of the path. */
export function useRefusal(path: JsonPath, fault: string | undefined): void {
  const { edits } = useForm()
  useLayoutEffect(() => (fault === undefined ? undefined : edits.refuse(path, fault)), [edits, pathId(path), fault])
}
