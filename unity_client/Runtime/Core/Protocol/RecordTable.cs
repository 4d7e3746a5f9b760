// Tables of fields as data, and the records read by them: one for each message and each map inside messages.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Protocol
{
    public enum Payload
    {
        None,
        Optional,
        Required,
    }

    /// <summary>One field. Default is what its absence means; nil: it may be absent, or is required.</summary>
    public sealed class Field
    {
        private Field(string name, Kind kind, bool required, Value byDefault)
        {
            Name = name;
            Kind = kind;
            IsRequired = required;
            Default = byDefault;
        }

        public string Name { get; }

        public Kind Kind { get; }

        public bool IsRequired { get; }

        public Value Default { get; }

        internal static Field Required(string name, Kind kind) => new Field(name, kind, true, Value.Nil);

        internal static Field Optional(string name, Kind kind) => new Field(name, kind, false, Value.Nil);

        internal static Field Optional(string name, Kind kind, Value byDefault) =>
            new Field(name, kind, false, byDefault);
    }

    /// <summary>The fields of a message or of a map inside one, in wire order.</summary>
    public sealed class RecordTable
    {
        private readonly Field[] fields;
        private readonly Dictionary<string, int> indices = new Dictionary<string, int>(StringComparer.Ordinal);

        internal RecordTable(string name, Payload payload, params Field[] fields)
        {
            Name = name;
            Payload = payload;
            this.fields = fields;
            for (var i = 0; i < fields.Length; i++)
            {
                indices.Add(fields[i].Name, i);
            }
        }

        /// <summary>A message's type, or the name of a map inside messages.</summary>
        public string Name { get; }

        public Payload Payload { get; }

        public IReadOnlyList<Field> Fields => fields;

        /// <summary>
        /// The record in a map of plain values. Unknown names are ignored. Throws ProtocolException.
        /// </summary>
        public Record Read(Map map, string path = "")
        {
            var values = new Value[fields.Length];
            for (var i = 0; i < fields.Length; i++)
            {
                var field = fields[i];
                if (map.TryGet(field.Name, out var value))
                {
                    values[i] = field.Kind.Read(value, path + field.Name);
                }
                else if (field.IsRequired)
                {
                    throw new ProtocolException(
                        ErrorCode.MissingField, path + field.Name + ": expected, not there");
                }
                else
                {
                    values[i] = field.Default;
                }
            }
            return new Record(this, values);
        }

        internal int IndexOf(string name) => indices[name];
    }

    /// <summary>Checked values by a table's names. What is absent has its default, or is nil if it has none.</summary>
    public sealed class Record
    {
        private readonly Value[] values;

        internal Record(RecordTable table, Value[] values)
        {
            Table = table;
            this.values = values;
        }

        public RecordTable Table { get; }

        /// <summary>Throws KeyNotFoundException for a name that the table lacks.</summary>
        public Value this[string name] => values[Table.IndexOf(name)];

        /// <summary>Whether the field at an index goes on the wire: one that holds its default does not.</summary>
        public bool IsSent(int index) =>
            Table.Fields[index].IsRequired || !values[index].EqualsPlain(Table.Fields[index].Default);

        /// <summary>The same record with another value of one field, which must be valid: it is not checked.</summary>
        internal Record With(string name, Value value)
        {
            var changed = (Value[])values.Clone();
            changed[Table.IndexOf(name)] = value;
            return new Record(Table, changed);
        }

        /// <summary>All fields by name, those with their default too.</summary>
        internal Map ToMap()
        {
            var map = new Map();
            for (var i = 0; i < values.Length; i++)
            {
                map.Add(Table.Fields[i].Name, values[i]);
            }
            return map;
        }

        internal int SentCount
        {
            get
            {
                var count = 0;
                for (var i = 0; i < values.Length; i++)
                {
                    count += IsSent(i) ? 1 : 0;
                }
                return count;
            }
        }

        internal void WriteTo(Packer packer)
        {
            packer.WriteMapHead(SentCount);
            WriteFieldsTo(packer);
        }

        internal void WriteFieldsTo(Packer packer)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (IsSent(i))
                {
                    packer.WriteText(Table.Fields[i].Name);
                    packer.Write(values[i]);
                }
            }
        }
    }
}
