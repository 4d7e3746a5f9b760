/** What the JSON schema of rule files says about a place. */

export type Schema = Record<string, unknown>;

/** The schemas that may count at a path of keys: alternatives are all of them. */
export function schemasAt(root: Schema, path: readonly string[]): Schema[] {
  let found = alternatives(root, root);
  for (const key of path) found = found.flatMap((schema) => below(root, schema, key));
  return found;
}

function below(root: Schema, schema: Schema, key: string): Schema[] {
  if (key === "*") return isSchema(schema.items) ? alternatives(root, schema.items) : [];
  const properties = schema.properties as Record<string, Schema> | undefined;
  if (properties !== undefined && Object.hasOwn(properties, key)) return alternatives(root, properties[key]!);
  return isSchema(schema.additionalProperties) ? alternatives(root, schema.additionalProperties) : [];
}

/** A schema with its references followed, and the schemas that it allows in its place. */
function alternatives(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  const found: Schema[] = [schema];
  if (typeof schema.$ref === "string") {
    const target = schema.$ref.split("/").slice(1).reduce<unknown>((at, name) => (at as Schema | undefined)?.[name], root);
    if (isSchema(target)) found.push(...alternatives(root, target, depth + 1));
  }
  for (const word of ["anyOf", "oneOf", "allOf"]) {
    const parts = schema[word];
    if (Array.isArray(parts)) found.push(...parts.filter(isSchema).flatMap((part) => alternatives(root, part, depth + 1)));
  }
  for (const word of ["then", "else"]) {
    if (isSchema(schema[word])) found.push(...alternatives(root, schema[word], depth + 1));
  }
  return found;
}

/** The fields that an object at a path may have, with what they mean. */
export function fieldsAt(root: Schema, path: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const schema of schemasAt(root, path)) {
    for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
      if (!fields.has(name)) fields.set(name, descriptionOf(root, field));
    }
  }
  return fields;
}

/** The words that a value at a path may be. */
export function wordsAt(root: Schema, path: readonly string[]): string[] {
  const words = schemasAt(root, path).flatMap((schema) => [
    ...((schema.enum as unknown[] | undefined) ?? []),
    ...("const" in schema ? [schema.const] : []),
    ...(schema.type === "boolean" ? [true, false] : []),
  ]);
  return [...new Set(words.map(String))];
}

/** What the value at a path means; "" if the schema does not say. */
export function meaningAt(root: Schema, path: readonly string[]): string {
  const found = schemasAt(root, path).find(({ description }) => typeof description === "string");
  return (found?.description as string | undefined) ?? "";
}

function descriptionOf(root: Schema, schema: Schema): string {
  const found = alternatives(root, schema).find(({ description }) => typeof description === "string");
  return (found?.description as string | undefined) ?? "";
}

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);
