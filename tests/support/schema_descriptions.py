"""Reads the descriptions of a GraphQL schema."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)


def descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Each type, field, argument and input field, and each reason of a deprecation, by its place in the schema."""
    for name, graphql_type in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, graphql_type.description
        match graphql_type:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in graphql_type.fields.items():
                    yield f"{name}.{field_name}", field.description
                    if field.deprecation_reason is not None:
                        yield f"{name}.{field_name} @deprecated", field.deprecation_reason
                    for argument_name, argument in field.args.items():
                        yield f"{name}.{field_name}({argument_name})", argument.description
            case GraphQLInputObjectType():
                for field_name, input_field in graphql_type.fields.items():
                    yield f"{name}.{field_name}", input_field.description
            case GraphQLEnumType():
                for value_name, value in graphql_type.values.items():
                    if value.description is not None:
                        yield f"{name}.{value_name}", value.description
            case _:
                pass
