"""The data catalog and the SQL engine: Glue and Athena."""

from __future__ import annotations

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, capitalised, renamed, uncapitalised
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags

_GONE = "EntityNotFoundException"

# ---- databases and tables


def _read_database(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("glue", "get_database", _GONE, Name=name)
    if answer is None:
        return None
    database = answer.block("Database")
    state = {
        "name": name,
        "description": database.text_or("Description"),
        "locationUri": database.get("LocationUri"),
        "parameters": database.table("Parameters"),
        "catalogId": aws.account_id,
    }
    arn = aws.arn("glue", f"database/{name}")
    return Found(f"{aws.account_id}:{name}", state, {"arn": arn, "catalogId": aws.account_id})


def _database(wanted: Wanted) -> dict[str, object]:
    names = {"name": "Name", "description": "Description", "locationUri": "LocationUri", "parameters": "Parameters"}
    return renamed(wanted.inputs, names)


def _create_database(aws: Aws, wanted: Wanted) -> None:
    aws.call("glue", "create_database", DatabaseInput=_database(wanted))


def _update_database(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    del found, drift
    aws.call("glue", "update_database", Name=wanted.inputs["name"], DatabaseInput=_database(wanted))


def _delete_database(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    aws.find("glue", "delete_database", _GONE, Name=wanted.inputs["name"])


_TABLE = {
    "name": "Name",
    "description": "Description",
    "owner": "Owner",
    "tableType": "TableType",
    "parameters": "Parameters",
    "retention": "Retention",
    "viewExpandedText": "ViewExpandedText",
    "viewOriginalText": "ViewOriginalText",
}


def _read_table(aws: Aws, wanted: Wanted) -> Found | None:
    database, name = wanted.inputs.text("databaseName"), wanted.inputs.text("name")
    answer = aws.find("glue", "get_table", _GONE, DatabaseName=database, Name=name)
    if answer is None:
        return None
    table = answer.block("Table")
    storage = table.block("StorageDescriptor")
    state: dict[str, object] = {wire: table.get(api) for wire, api in _TABLE.items()}
    state |= {
        "databaseName": database,
        "catalogId": aws.account_id,
        "partitionKeys": [uncapitalised(key) for key in table.blocks("PartitionKeys")],
        "storageDescriptor": _storage_state(storage),
    }
    arn = aws.arn("glue", f"table/{database}/{name}")
    return Found(f"{aws.account_id}:{database}:{name}", state, {"arn": arn})


def _storage_state(storage: Fields) -> dict[str, object]:
    """The storage as the program writes it; the maps in it keep the case of their keys, which are the user's."""
    serde = storage.block("SerdeInfo")
    plain = uncapitalised({key: value for key, value in storage.items() if key not in ("SerdeInfo", "Parameters")})
    return {
        **plain,
        "parameters": storage.table("Parameters"),
        "serDeInfo": {
            "name": serde.get("Name"),
            "serializationLibrary": serde.get("SerializationLibrary"),
            "parameters": serde.table("Parameters"),
        },
    }


def _storage(storage: Fields) -> dict[str, object]:
    serde = storage.block("serDeInfo")
    plain = capitalised({key: value for key, value in storage.items() if key not in ("serDeInfo", "parameters")})
    names = {"name": "Name", "serializationLibrary": "SerializationLibrary", "parameters": "Parameters"}
    return {
        **plain,
        "Parameters": storage.table("parameters"),
        "SerdeInfo": renamed(serde, names),
    }


def _table(wanted: Wanted) -> dict[str, object]:
    inputs = wanted.inputs
    keys = [capitalised(key) for key in inputs.blocks("partitionKeys")]
    storage = _storage(inputs.block("storageDescriptor"))
    return {**renamed(inputs, _TABLE), "PartitionKeys": keys, "StorageDescriptor": storage}


def _create_table(aws: Aws, wanted: Wanted) -> None:
    aws.call("glue", "create_table", DatabaseName=wanted.inputs["databaseName"], TableInput=_table(wanted))


def _update_table(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    del found, drift
    aws.call("glue", "update_table", DatabaseName=wanted.inputs["databaseName"], TableInput=_table(wanted))


def _delete_table(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    inputs = wanted.inputs
    aws.find("glue", "delete_table", _GONE, DatabaseName=inputs["databaseName"], Name=inputs["name"])


# ---- workgroups and saved queries


def _read_workgroup(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("athena", "get_work_group", "InvalidRequestException", WorkGroup=name)
    if answer is None:
        return None
    group = answer.block("WorkGroup")
    arn = aws.arn("athena", f"workgroup/{name}")
    state = {
        "name": name,
        "description": group.text_or("Description"),
        "state": group.text_or("State", "ENABLED"),
        "configuration": _workgroup_state(group.block("Configuration")),
        "tags": declared(read_tags(aws.call("athena", "list_tags_for_resource", ResourceARN=arn).blocks("Tags"))),
    }
    return Found(name, state, {"arn": arn})


_WORKGROUP = {
    "enforceWorkgroupConfiguration": "EnforceWorkGroupConfiguration",
    "publishCloudwatchMetricsEnabled": "PublishCloudWatchMetricsEnabled",
    "bytesScannedCutoffPerQuery": "BytesScannedCutoffPerQuery",
    "requesterPaysEnabled": "RequesterPaysEnabled",
}


def _workgroup_state(configuration: Fields) -> dict[str, object]:
    result = configuration.block("ResultConfiguration")
    encryption = result.block("EncryptionConfiguration")
    return {
        **{wire: configuration.get(api) for wire, api in _WORKGROUP.items()},
        "resultConfiguration": {
            "outputLocation": result.get("OutputLocation"),
            "expectedBucketOwner": result.get("ExpectedBucketOwner"),
            "aclConfiguration": uncapitalised(result.block("AclConfiguration")),
            "encryptionConfiguration": {
                "encryptionOption": encryption.get("EncryptionOption"),
                "kmsKeyArn": encryption.get("KmsKey"),
            },
        },
        "engineVersion": uncapitalised(configuration.block("EngineVersion")),
    }


def _result(configuration: Fields) -> dict[str, object]:
    result = configuration.block("resultConfiguration")
    encryption = result.block("encryptionConfiguration")
    body = renamed(result, {"outputLocation": "OutputLocation", "expectedBucketOwner": "ExpectedBucketOwner"})
    if encryption:
        names = {"encryptionOption": "EncryptionOption", "kmsKeyArn": "KmsKey"}
        body["EncryptionConfiguration"] = renamed(encryption, names)
    return body


def _workgroup(wanted: Wanted, result_key: str) -> dict[str, object]:
    configuration = wanted.inputs.block("configuration")
    engine = configuration.block("engineVersion").get("selectedEngineVersion")
    version = {"EngineVersion": {"SelectedEngineVersion": engine}} if engine else {}
    return {**renamed(configuration, _WORKGROUP), result_key: _result(configuration), **version}


def _create_workgroup(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call(
        "athena",
        "create_work_group",
        Name=inputs.text("name"),
        Description=inputs.text_or("description"),
        Configuration=_workgroup(wanted, "ResultConfiguration"),
        Tags=listed_tags(wanted.tags),
    )


def _update_workgroup(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs = wanted.inputs
    if drift - {"tags"}:
        aws.call(
            "athena",
            "update_work_group",
            WorkGroup=found.id,
            Description=inputs.text_or("description"),
            ConfigurationUpdates=_workgroup(wanted, "ResultConfigurationUpdates"),
            State=inputs.text_or("state", "ENABLED"),
        )
    if "tags" in drift:
        arn = str(found.outputs["arn"])
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("athena", "untag_resource", ResourceARN=arn, TagKeys=surplus)
        aws.call("athena", "tag_resource", ResourceARN=arn, Tags=listed_tags(wanted.tags))


def _delete_workgroup(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("athena", "delete_work_group", WorkGroup=found.id, RecursiveDeleteOption=True)


def _read_query(aws: Aws, wanted: Wanted) -> Found | None:
    inputs = wanted.inputs
    group = inputs.text_or("workgroup", "primary")
    for query_id in aws.call("athena", "list_named_queries", WorkGroup=group).texts("NamedQueryIds"):
        query = aws.call("athena", "get_named_query", NamedQueryId=query_id).block("NamedQuery")
        if query.text("Name") == inputs.text("name"):
            state = {
                "name": query.text("Name"),
                "database": query.text("Database"),
                "workgroup": query.text_or("WorkGroup", "primary"),
                "query": query.text("QueryString"),
                "description": query.text_or("Description"),
            }
            return Found(query_id, state)
    return None


def _create_query(aws: Aws, wanted: Wanted) -> None:
    names = {
        "name": "Name",
        "database": "Database",
        "workgroup": "WorkGroup",
        "query": "QueryString",
        "description": "Description",
    }
    aws.call("athena", "create_named_query", **renamed(wanted.inputs, names))


def _update_query(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """A saved query is replaced: its API can change the text only, and its id is of no use to anyone."""
    del drift
    _delete_query(aws, wanted, found)
    _create_query(aws, wanted)


def _delete_query(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.find("athena", "delete_named_query", "InvalidRequestException", NamedQueryId=found.id)


KINDS = {
    "aws:glue/catalogDatabase:CatalogDatabase": Kind(
        _read_database, _create_database, _update_database, _delete_database
    ),
    "aws:glue/catalogTable:CatalogTable": Kind(_read_table, _create_table, _update_table, _delete_table),
    "aws:athena/workgroup:Workgroup": Kind(
        _read_workgroup,
        _create_workgroup,
        _update_workgroup,
        _delete_workgroup,
        engine_only=frozenset({"forceDestroy"}),
    ),
    "aws:athena/namedQuery:NamedQuery": Kind(_read_query, _create_query, _update_query, _delete_query),
}
