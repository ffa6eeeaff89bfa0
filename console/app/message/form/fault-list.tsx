/** The faults of a value, under its input. */
import type { JsonPath } from '../json/json-node.ts'
import { pathId, useForm } from './form-source.ts'

/** Returns what describes a value: whether it has faults, and the ids of the elements that say so. */
export function useFaults(path: JsonPath, id: string) {
  const faults = useForm().faults.get(pathId(path)) ?? []
  const isInvalid = faults.some((fault) => fault.severity === 'error')
  return { faults, isInvalid, faultsId: faults.length === 0 ? undefined : `${id}-faults` }
}

export function FaultList({ path, id }: { path: JsonPath; id: string }) {
  const { faults, faultsId } = useFaults(path, id)
  if (faultsId === undefined) return null
  return (
    <ul class="draft-faults" id={faultsId}>
      {faults.map((fault) => (
        <li key={fault.message} class="draft-fault" data-severity={fault.severity}>
          {fault.message}
        </li>
      ))}
    </ul>
  )
}
