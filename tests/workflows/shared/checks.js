// Throws on purpose where it is told so: the place is in this file.
export function need(object, ...keys) {
  for (const key of keys) {
    if (object?.[key] === undefined) throw new RangeError(`the argument \`${key}\` is missing`)
  }
  return object
}
