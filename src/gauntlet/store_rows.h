// SPDX-License-Identifier: Apache-2.0
// Rows of the store as records and back: the only place that knows the order of the columns.
// Used by run_store.cpp, inside its transactions.
#pragma once

#include <optional>
#include <string_view>

#include "gauntlet/database.h"
#include "gauntlet/run_store.h"

namespace stride::gauntlet {

extern const std::string_view kRunColumns, kCellColumns, kAttemptColumns;

Result<RunRecord> read_run(const Statement& row);
Result<CellRecord> read_cell(const Statement& row);
Result<AttemptRecord> read_attempt(const Statement& row);

Result<> load_texts(Database& database, AttemptRecord& record);
Result<> insert_attempt(Database& database, int64_t cell, const AttemptRecord& record);
Result<> insert_criteria(Database& database, int64_t cell, const Grade& grade);

// Sets what a cell was worth where `condition` holds, whose one parameter is `owner` unless that is
// empty. True where it held.
Result<bool> write_grade(Database& database, std::string_view condition, int64_t cell,
                         std::string_view owner, CellState state, const Grade& grade,
                         std::optional<double> recovered);

}  // namespace stride::gauntlet
